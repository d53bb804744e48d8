package main

// descriptorLimit returns an assumed limit of connections: Windows has no limit to ask for.
func descriptorLimit() int { return 16_384 }
