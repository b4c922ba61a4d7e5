package access

// What is done to the machines that keep one store together. No command that does it is
// offered yet, so these are not among [AuditActions], which filters list. The target is a
// machine's name.
const (
	ActionCreateCluster   AuditAction = "created_cluster"
	ActionCreateJoinToken AuditAction = "created_join_token"
	ActionJoinMachine     AuditAction = "joined_machine"
	ActionPromoteMachine  AuditAction = "promoted_machine"
	ActionRemoveMachine   AuditAction = "removed_machine"
	ActionRecoverCluster  AuditAction = "recovered_cluster"
	ActionDissolveCluster AuditAction = "dissolved_cluster"
)

// clusterPhrases go between the actor and the target, as those of all other actions.
var clusterPhrases = [...]struct {
	action AuditAction
	phrase string
}{
	{ActionCreateCluster, "made this the first machine of a cluster:"},
	{ActionCreateJoinToken, "created a token with which a machine can join the cluster"},
	{ActionJoinMachine, "let a machine join the cluster:"},
	{ActionPromoteMachine, "gave a vote to the machine"},
	{ActionRemoveMachine, "removed from the cluster the machine"},
	{ActionRecoverCluster, "went on without the other machines of the cluster, on"},
	{ActionDissolveCluster, "made the data independent of the cluster, on"},
}
