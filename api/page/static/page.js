// Every view works without this. With it, a link or form that has `data-live` changes only the parts that it names:
// the page that it leads to is fetched, and those parts of it take the place of the old ones.

const WAIT = 150; // ms after the last key
let latest = 0;
let waiting;

const parts = (root, names) => names.map((name) => root.querySelector(`[data-part="${name}"]`));

// What else there is to carry over: fields and links that depend on the address.
const ALWAYS = ["clear", "liked"];

async function show(address, names, { focus } = {}) {
  const mine = ++latest;
  let text;
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.statusText);
    text = await answer.text();
  } catch {
    location.assign(address);
    return;
  }
  if (mine !== latest) return; // a later one has been asked for
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const all = [...names, ...ALWAYS];
  const [old, made] = [parts(document, all), parts(fresh, all)];
  old.forEach((part, place) => made[place] && part?.replaceWith(made[place]));
  history.replaceState(null, "", address);
  if (focus) (document.getElementById(focus) ?? document.querySelector("main h2"))?.focus();
}

const namesOf = (element) => element.dataset.live.split(" ");

function addressOf(form) {
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(given).toString();
  return new URL(form.action || location.href, location.href).pathname + (query && `?${query}`);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-live]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  // Picking goes on where it was; a turned page begins at its top.
  const heading = link.closest(".turn") && link.closest("section").querySelector("h2");
  const next = link.closest("li")?.nextElementSibling ?? link.closest("li")?.previousElementSibling;
  // What is being typed is not in the address of the link yet.
  const address = new URL(link.href);
  const words = document.getElementById("q");
  if (words?.value && !link.closest(".end")) address.searchParams.set("q", words.value);
  clearTimeout(waiting);
  const focus = link.id.startsWith("drop-") ? (next?.querySelector("a")?.id ?? "q") : link.id;
  show(address.href, namesOf(link), { focus: heading ? undefined : focus }).then(() => {
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
  waiting = setTimeout(() => form.checkValidity() && show(addressOf(form), namesOf(form)), WAIT);
});
