package api

import (
	"slices"

	"doorward/backend/access"
)

// leaveOutCluster takes out of the document what no answer of a server alone has: it is not to
// be looked for there.
func (r *group) leaveOutCluster() {
	schemas := r.huma.OpenAPI().Components.Schemas.Map()
	delete(schemas["Settings"].Properties, "cluster")
	action := schemas["Audit"].Properties["action"]
	phrases := action.Extensions["x-phrases"].(map[string]string)
	for _, a := range access.ClusterActions() {
		action.Enum = slices.DeleteFunc(action.Enum, func(name any) bool { return name == a.Name() })
		delete(phrases, a.Name())
	}
}
