const fc = require('fast-check');

// A mutant is dead at the first counterexample: no time is spent on a smaller one.
fc.configureGlobal({ endOnFailure: true });
