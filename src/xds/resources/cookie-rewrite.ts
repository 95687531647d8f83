/**
 * The program that changes cookies on their way to the client; which ones and how stands in a route's filter context (see
 * per-filter-config.ts): `cookies`, a list of `name`, `path`, `domain`, `secure`, `sameSite`. A Set-Cookie that names none of
 * them stays as it is, to the byte (RFC 6265 §4.1.1: name=value, then attributes separated by semicolons).
 */
export const COOKIE_REWRITE = `
local function rewritten(cookie, change)
  local parts = {}
  for part in cookie:gmatch("[^;]+") do
    local attribute = part:match("^%s*([^=]-)%s*=") or part:match("^%s*(.-)%s*$")
    local key = attribute:lower()
    local replaced = #parts > 0 and (
      (key == "path" and change.path ~= nil) or
      (key == "domain" and change.domain ~= nil) or
      (key == "samesite" and change.sameSite ~= nil) or
      (key == "secure" and change.secure ~= nil))
    if not replaced then table.insert(parts, part) end
  end
  if change.path ~= nil then table.insert(parts, " Path=" .. change.path) end
  if change.domain ~= nil then table.insert(parts, " Domain=" .. change.domain) end
  if change.sameSite ~= nil then table.insert(parts, " SameSite=" .. change.sameSite) end
  if change.secure then table.insert(parts, " Secure") end
  return table.concat(parts, ";")
end

function envoy_on_response(handle)
  local changes = handle:filterContext():get("cookies")
  local headers = handle:headers()
  local count = headers:getNumValues("set-cookie")
  if changes == nil or count == 0 then return end
  local cookies = {}
  for index = 0, count - 1 do
    local cookie = headers:getAtIndex("set-cookie", index)
    local name = cookie:match("^%s*([^=]-)%s*=")
    for _, change in ipairs(changes) do
      if change.name == name then cookie = rewritten(cookie, change) end
    end
    table.insert(cookies, cookie)
  end
  headers:remove("set-cookie")
  for _, cookie in ipairs(cookies) do headers:add("set-cookie", cookie) end
end
`;
