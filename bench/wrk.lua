-- wrk URL -- METHOD [BODY_FILE]: sends one fixed request over and over and prints what came of it as one line of JSON.

function init(arguments)
    wrk.method = arguments[1]
    if arguments[2] then
        local file = assert(io.open(arguments[2], "rb"))
        wrk.body = file:read("*a")
        file:close()
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
