-- wrk URL -- METHOD BODY_FILE|- [TOKENS_FILE]: sends one fixed request over and over, or with another of the tokens each time, and
-- prints what came of it as one line of JSON.

function init(arguments)
    wrk.method = arguments[1]
    if arguments[2] ~= "-" then
        local file = assert(io.open(arguments[2], "rb"))
        wrk.body = file:read("*a")
        file:close()
    end
    if arguments[3] then
        rotate(arguments[3])
    end
end

-- A function `request` costs wrk time: it is there only if it is needed.
function rotate(path)
    local tokens, number = {}, 0
    for line in io.lines(path) do
        tokens[#tokens + 1] = "Bearer " .. line
    end
    function request()
        number = number % #tokens + 1
        wrk.headers["Authorization"] = tokens[number]
        return wrk.format()
    end
end

-- Times are in microseconds.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"duration":%d,"p50":%d,"p99":%d,"broken":%d,"timeouts":%d,"statuses":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write, errors.timeout, errors.status))
end
