package main

import (
	"context"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// libraries are all that a script finds in Argo CD unless its administrator sets useOpenLibs: base, package and
// table; no string, no math. (Argo CD adds os.time and os.date, which a verdict on one object must not need.)
var libraries = map[string]lua.LGFunction{
	lua.LoadLibName: lua.OpenPackage,
	lua.BaseLibName: lua.OpenBase,
	lua.TabLibName:  lua.OpenTable,
}

// argoStatuses are the codes that Argo CD takes; any other one makes the health Unknown.
var argoStatuses = map[string]bool{
	"Healthy": true, "Progressing": true, "Degraded": true, "Suspended": true, "Missing": true, "Unknown": true,
}

// askArgo runs a health script as Argo CD does: the object as global `obj`, one second of time, and a table
// with status and message as the result.
func askArgo(script string, object map[string]any) answer {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range libraries {
		call := lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(name)); err != nil {
			return answer{Error: err.Error()}
		}
	}
	timed, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	state.SetContext(timed)
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		return answer{Error: err.Error()}
	}
	table, isTable := state.Get(-1).(*lua.LTable)
	if !isTable {
		return answer{Error: fmt.Sprintf("the script returned %s, not a table", state.Get(-1).Type())}
	}
	said := answer{Status: lua.LVAsString(table.RawGetString("status"))}
	said.Message = lua.LVAsString(table.RawGetString("message"))
	if !argoStatuses[said.Status] {
		return answer{Error: "the script returned no valid status: " + said.Status}
	}
	return said
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch typed := value.(type) {
	case bool:
		return lua.LBool(typed)
	case string:
		return lua.LString(typed)
	case int64:
		return lua.LNumber(typed)
	case float64:
		return lua.LNumber(typed)
	case []any:
		table := state.CreateTable(len(typed), 0)
		for _, item := range typed {
			table.Append(toLua(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(typed))
		for key, item := range typed {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
