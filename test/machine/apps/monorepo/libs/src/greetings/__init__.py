GREETING = "from a package beside it"
