package main

// descriptorLimit is how many connections the system is taken to allow this process.
func descriptorLimit() int { return 16_384 }
