package access

// What is done to the machines that keep one store together. The target is a machine's name.
const (
	ActionCreateCluster   AuditAction = "created_cluster"
	ActionCreateJoinToken AuditAction = "created_join_token"
	ActionVoidJoinTokens  AuditAction = "voided_join_tokens"
	ActionJoinMachine     AuditAction = "joined_machine"
	ActionPromoteMachine  AuditAction = "promoted_machine"
	ActionRemoveMachine   AuditAction = "removed_machine"
	ActionRaiseSchema     AuditAction = "raised_schema" // the target is the new one
	ActionRecoverCluster  AuditAction = "recovered_cluster"
	ActionDissolveCluster AuditAction = "dissolved_cluster"
)
