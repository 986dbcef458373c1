-- For wrk: each request is one of those that a file names, a path a line, drawn at random.
-- Arguments: the file; where the random numbers start, so that rounds differ and runs don't.

local requests = {}

function init(args)
    math.randomseed(tonumber(args[2]))
    for path in io.lines(args[1]) do
        -- Written out once: what the client does for a request must not count as the server's time.
        requests[#requests + 1] = wrk.format("GET", path)
    end
end

function request()
    return requests[math.random(#requests)]
end
