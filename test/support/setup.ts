// CloudFormation Validate costs seconds on the first synthesis of every jest worker, so only the policy tests turn it on.
process.env.CDK_VALIDATION ??= 'false';
