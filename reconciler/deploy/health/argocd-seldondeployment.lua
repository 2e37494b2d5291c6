-- Health of a SeldonDeployment for Argo CD. README.md says how it is installed and what it cannot know.
-- Argo CD runs this without Lua's string and math libraries, so it gets by without them.

local LONGEST = 63 -- letters; the operator replaces longer names by a hash

local function answer(status, message)
  return {status = status, message = message}
end

local function times(kind)
  -- When fields of this kind (f:spec, f:status) were last written; RFC 3339 texts compare as times.
  local newest = ""
  for _, entry in ipairs(obj.metadata.managedFields or {}) do
    if entry.fieldsV1 ~= nil and entry.fieldsV1[kind] ~= nil and (entry.time or "") > newest then
      newest = entry.time
    end
  end
  return newest
end

local function condition(wanted)
  for _, entry in ipairs(obj.status.conditions or {}) do
    if entry.type == wanted then
      return entry
    end
  end
  return {}
end

local function replicas(...)
  -- The number that the most specific of them gives; nil leaves out what is not there.
  for place = 1, select("#", ...) do
    local holder = select(place, ...)
    if holder ~= nil and holder.replicas ~= nil then
      return holder.replicas
    end
  end
  return 1
end

local SERVERLESS = {
  UNKNOWN_IMPLEMENTATION = true,
  SIMPLE_MODEL = true,
  SIMPLE_ROUTER = true,
  RANDOM_ABTEST = true,
  AVERAGE_COMBINER = true,
}

local function serverless(node)
  return node.implementation == nil or node.implementation == "" or SERVERLESS[node.implementation]
end

local function names_of(component)
  local names = {}
  for _, container in ipairs((component.spec or {}).containers or {}) do
    names[#names + 1] = container.name
  end
  return names
end

local function add_servers(node, known, first)
  -- A model server that no componentSpec has a container for gets one in the first of them.
  if not serverless(node) and not known[node.name] then
    first[#first + 1] = node.name
    known[node.name] = true
  end
  for _, child in ipairs(node.children or {}) do
    add_servers(child, known, first)
  end
end

local function wanted_of(predictor, wanted)
  -- Adds each Deployment that the operator makes for a predictor: its name and number of Pods.
  local prefix = obj.metadata.name .. "-" .. predictor.name .. "-"
  local marks, spec_marks = predictor.annotations or {}, obj.spec.annotations or {}
  if spec_marks["seldon.io/engine-separate-pod"] == "true" and marks["seldon.io/no-engine"] ~= "true" then
    wanted[#wanted + 1] = {prefix .. "svc-orch", replicas(predictor.svcOrchSpec, predictor, obj.spec)}
  end
  local components, lists, known = predictor.componentSpecs or {}, {}, {}
  if #components == 0 then
    components = {{}}
  end
  for place, component in ipairs(components) do
    lists[place] = names_of(component)
    for _, name in ipairs(lists[place]) do
      known[name] = true
    end
  end
  add_servers(predictor.graph or {}, known, lists[1])
  for place, component in ipairs(components) do
    if #lists[place] > 0 then
      local name = (component.metadata or {}).name or table.concat(lists[place], "-")
      local count = replicas(component, predictor, obj.spec)
      if component.hpaSpec ~= nil or component.kedaSpec ~= nil then
        count = nil -- somebody else decides
      end
      wanted[#wanted + 1] = {prefix .. (place - 1) .. "-" .. name, count}
    end
  end
  if (predictor.explainer or {}).type ~= nil then
    wanted[#wanted + 1] = {prefix .. "explainer", replicas(predictor.explainer)}
  end
end

if obj.metadata.deletionTimestamp ~= nil then
  return answer("Progressing", "is being deleted")
end
if obj.status == nil or obj.status.state == nil then
  return answer("Progressing", "the Seldon operator has not answered yet")
end
if obj.status.state == "Failed" then
  if times("f:status") < times("f:spec") then
    return answer("Progressing", "the Seldon operator has not answered to the last change yet")
  end
  return answer("Degraded", "the operator says Failed: " .. (obj.status.description or ""))
end

local wanted, found, hidden, seen = {}, obj.status.deploymentStatus or {}, 0, {}
for _, predictor in ipairs(obj.spec.predictors or {}) do
  wanted_of(predictor, wanted)
end
for _, deployment in ipairs(wanted) do
  local name, count = deployment[1], deployment[2]
  if #name > LONGEST then
    hidden = hidden + 1
  else
    local state = found[name]
    if state == nil then
      return answer("Progressing", "the operator does not speak of Deployment " .. name .. " yet")
    end
    local total, available = state.replicas or 0, state.availableReplicas or 0
    if total ~= (count or total) or available ~= total or total == 0 and count ~= 0 then
      return answer("Progressing", name .. ": " .. available .. " of " .. (count or total) .. " Pods ready")
    end
    seen[name] = true
  end
end
for name, state in pairs(found) do
  if not seen[name] then
    hidden = hidden - 1
    if hidden < 0 then
      return answer("Progressing", "the operator has not removed " .. name .. " yet")
    end
    if (state.availableReplicas or 0) ~= (state.replicas or 0) or (state.replicas or 0) == 0 then
      return answer("Progressing", name .. ": not all Pods ready")
    end
  end
end
if hidden > 0 then
  return answer("Progressing", "the operator does not speak of all Deployments yet")
end
if obj.status.state ~= "Available" or condition("Ready").status ~= "True" then
  return answer("Progressing", "the operator says " .. obj.status.state .. " " .. (condition("Ready").message or ""))
end
return answer("Healthy", "")
