package service

import (
	"slices"

	"wharf/dockerx/operations"
)

// Operation is a row of the table of operations (package dockerx/operations), with the permission that it requires.
type Operation struct {
	operations.Info
	Permission Permission // on the container
}

// permissionFor returns the permission for an operation's need: Administer for an unknown need.
func permissionFor(need operations.Need) Permission {
	if need == operations.NeedOperator {
		return Operate
	}
	return Administer
}

// Operations returns the table of operations, in its order.
func Operations() []Operation {
	var all []Operation
	for _, info := range operations.All() {
		all = append(all, Operation{info, permissionFor(info.Need)})
	}
	return all
}

// PermissionOf returns the permission that an operation requires: Administer for an unknown name.
func PermissionOf(operation string) Permission {
	all := Operations()
	if i := slices.IndexFunc(all, func(o Operation) bool { return o.Name == operation }); i >= 0 {
		return all[i].Permission
	}
	return Administer
}
