-- Requests for wrk: each line of the file REQUESTS is one path with its query; each thread begins at another line.
-- A number is put in the place of {n}, from FIRST on, so that none is asked twice. Written ahead as far as they can be,
-- since the load comes from the same cores as the answers.
local lines, before, after = {}, {}, {}
for line in io.lines(os.getenv("REQUESTS")) do lines[#lines + 1] = line end
local threads = 0
local count = tonumber(os.getenv("FIRST") or "0")
function setup(thread) thread:set("offset", threads * 1000003); threads = threads + 1 end
function init()
  for number, line in ipairs(lines) do
    local whole = wrk.format("GET", line, {["Accept"] = os.getenv("ACCEPT")})
    local start, stop = whole:find("{n}", 1, true)
    before[number] = start and whole:sub(1, start - 1) or whole
    after[number] = start and whole:sub(stop + 1)
  end
end
function request()
  count = count + 1
  local number = (offset + count) % #lines + 1
  if after[number] then return before[number] .. (offset + count) .. after[number] end
  return before[number]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
