import { Aws } from 'aws-cdk-lib';

/**
 * A condition for statements about keys of KMS: a service uses the key, and nobody else. Which domain a service has there in China is
 * not written down for each, so both are allowed; elsewhere they are one.
 */
export function viaService(service: string): Record<string, string[]> {
  const names = ['amazonaws.com', Aws.URL_SUFFIX].map((suffix) => `${service}.${Aws.REGION}.${suffix}`);
  return { 'kms:ViaService': names };
}
