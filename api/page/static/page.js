// Every view works without this. With it, a link or form that has `data-live` changes only the parts that it names:
// the page that it leads to is fetched, and those parts of it take the place of the old ones.

const WAIT = 150; // ms after the last key
// What else there is to carry over: fields and links that depend on the address.
const ALWAYS = ["clear", "liked"];

let wanted = here(); // the view that was asked for last; it may be on its way
let pending = new Set(); // the parts that are to change by it
let waiting;

function here() {
  return location.pathname + location.search;
}

const parts = (root, names) => names.map((name) => root.querySelector(`[data-part="${name}"]`));

// `typed`: one step back leads to what was before the first key.
async function show(address, names, { focus, typed = false } = {}) {
  clearTimeout(waiting);
  if (address !== here()) history[typed && history.state?.typed ? "replaceState" : "pushState"]({ typed }, "", address);
  wanted = address;
  names.forEach((name) => pending.add(name));
  let text;
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.statusText);
    text = await answer.text();
  } catch {
    if (address === wanted) location.assign(address);
    return;
  }
  if (address !== wanted) return; // another one has been asked for
  const all = pending.has("content") ? ["content"] : [...pending, ...ALWAYS];
  pending = new Set();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const [old, replacements] = [parts(document, all), parts(fresh, all)];
  const announced = replacements.flatMap((part) => [...(part?.querySelectorAll("[data-announced]") ?? [])]);
  const words = announced.map((each) => each.textContent.trim()).join(". ");
  old.forEach((part, index) => replacements[index] && part?.replaceWith(replacements[index]));
  document.title = fresh.title;
  document.getElementById("status").textContent = words;
  if (focus) (document.getElementById(focus) ?? document.querySelector("main h2"))?.focus();
}

const namesOf = (element) => element.dataset.live.split(" ");

function addressOf(form) {
  const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  // The field has what was picked when its page was rendered.
  if (form.elements.liked) setIn(given, "liked", likedIn(new URL(wanted, location)).join(","));
  const query = given.toString();
  return new URL(form.action || location.href, location.href).pathname + (query && `?${query}`);
}

function setIn(query, name, value) {
  if (value) query.set(name, value);
  else query.delete(name);
}

const likedIn = (address) => address.searchParams.getAll("liked").join(",").split(",").filter(Boolean);

// A pick is added to those that are wanted by now, which the address of its link may not know yet.
function addressOfPick(link) {
  const address = new URL(wanted, location);
  const { pick, drop } = link.dataset;
  const others = likedIn(address).filter((each) => each !== (pick ?? drop));
  setIn(address.searchParams, "liked", [...others, ...(pick ? [pick] : [])].join(","));
  setIn(address.searchParams, "q", document.getElementById("q").value);
  return address;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-live]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  // Picking goes on where it was; a turned page begins at its top.
  const heading = link.closest(".turn") && link.closest("section").querySelector("h2");
  const next = link.closest("li")?.nextElementSibling ?? link.closest("li")?.previousElementSibling;
  const { pathname, search } = link.matches("[data-pick], [data-drop]") ? addressOfPick(link) : new URL(link.href);
  const focus = link.id.startsWith("drop-") ? (next?.querySelector("a")?.id ?? "q") : link.id;
  show(pathname + search, namesOf(link), { focus: heading ? undefined : focus }).then(() => {
    if (!heading) return;
    const top = document.getElementById(heading.id);
    top?.setAttribute("tabindex", "-1");
    top?.focus();
    top?.scrollIntoView({ block: "start" });
  });
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.live) return;
  event.preventDefault();
  show(addressOf(form), namesOf(form));
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.dataset.live) return;
  clearTimeout(waiting);
  const typed = event.target.matches("input");
  waiting = setTimeout(() => form.checkValidity() && show(addressOf(form), namesOf(form), { typed }), WAIT);
});

// A picture that can't be loaded leaves the face below it; some may have failed before this was loaded.
const isBroken = (image) => image.complete && !image.naturalWidth;
addEventListener("error", ({ target }) => target.matches?.(".face img") && target.remove(), true);
document.querySelectorAll(".face img").forEach((image) => isBroken(image) && image.remove());

// Back and forward, but not to another place of the same view.
addEventListener("popstate", () => {
  if (here() !== wanted) show(here(), ["content"]);
});
