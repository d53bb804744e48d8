package stats

const hostRoot = "/"

func newKernel(root, socket string) Source { return nil }
