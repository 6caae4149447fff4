"""Documents written for this project, one for each kind that other mocks or kits fail on."""
