-- wrk URL -- METHOD BODY_FILE|- [TOKENS_FILE|-] [EVERY METHOD BODY_FILE]: sends one fixed request over and over, or with another of the
-- tokens each time, or every so many times with another method and body, and prints what came of it as one line of JSON.

function init(arguments)
    wrk.method = arguments[1]
    if arguments[2] ~= "-" then
        wrk.body = content(arguments[2])
    end
    if arguments[3] and arguments[3] ~= "-" then
        rotate(arguments[3])
    end
    if arguments[4] then
        alternate(tonumber(arguments[4]), arguments[5], content(arguments[6]))
    end
end

function content(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

function alternate(every, method, body)
    local number, usual = 0, wrk.format()
    local headers = { ["Content-Type"] = "application/json" }
    for name, value in pairs(wrk.headers) do
        headers[name] = value
    end
    local other = wrk.format(method, nil, headers, body)
    function request()
        number = number + 1
        return number % every == 0 and other or usual
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
