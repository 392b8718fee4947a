/*
 * Names of classes, by their shape: a table of all would refuse next year's. What a shape lets through and nobody sells fails in the region,
 * as does what is not sold there.
 */

/** t3, t4g; m and r and x of any generation; z1d. RDS has no c, no nano and no t3a, and takes t2 for versions alone that are gone. */
const RDS_BURSTABLE = /^t(3|4g)\.(micro|small|medium|large|xlarge|2xlarge)$/;
const RDS_OTHER = /^([mrx]\d+[a-z]*|z1d)\.(large|\d*xlarge)$/;

/** Why a class is none of Amazon RDS, in which `aws-cdk-lib` writes `db.` before it. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Types.html */
export function rdsClassProblem(name: string): string | undefined {
  if (RDS_BURSTABLE.test(name) || RDS_OTHER.test(name)) return undefined;
  const withoutPrefix = name.replace(/^db\./, '');
  const known = RDS_BURSTABLE.test(withoutPrefix) || RDS_OTHER.test(withoutPrefix);
  return known
    ? `must be without "db.", which aws-cdk-lib writes before it: new ec2.InstanceType('${withoutPrefix}')`
    : 'must be a class of Amazon RDS: t3 or t4g from micro to 2xlarge, or m, r or x, for example t4g.small or m8g.large';
}

/** t2 to t4g have no large. */
const CACHE = /^cache\.(t(2|3|4g)\.(micro|small|medium)|[cmr]\d+[a-z]*\.(large|\d*xlarge))$/;

/** Why a class is none of Amazon ElastiCache. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html */
export function cacheClassProblem(name: string): string | undefined {
  if (CACHE.test(name)) return undefined;
  const prefixed = `cache.${name.replace(/^(cache|db)\./, '')}`;
  return CACHE.test(prefixed)
    ? `must begin with "cache.": ${prefixed}`
    : 'must be a class of Amazon ElastiCache: cache.t3 or cache.t4g from micro to medium, or cache.m, cache.r or cache.c, for example cache.t4g.micro or cache.m7g.large';
}
