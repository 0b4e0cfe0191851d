package catalog

func checkSchema(root *node, faults *faults) {}
