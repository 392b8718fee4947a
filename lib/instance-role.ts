import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct, IConstruct } from 'constructs';

/**
 * The role of an instance, which knows whether it was granted more than the instance itself needs. What somebody grants it is for the
 * application: nothing else runs there.
 */
export class InstanceRole extends iam.Role {
  private own = true;
  private granted = false;

  constructor(scope: Construct, id: string) {
    super(scope, id, { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  }

  /** From now on, grants are for the application. */
  public endOwnGrants(): void {
    this.own = false;
  }

  /** Whether something was granted for the application; to be asked at synthesis. */
  public grantedMore(): boolean {
    return this.granted || this.node.root.node.findAll().some((construct) => this.isAttached(construct));
  }

  public override addToPrincipalPolicy(statement: iam.PolicyStatement): iam.AddToPrincipalPolicyResult {
    this.note();
    return super.addToPrincipalPolicy(statement);
  }

  public override addManagedPolicy(policy: iam.IManagedPolicy): void {
    this.note();
    super.addManagedPolicy(policy);
  }

  public override attachInlinePolicy(policy: iam.Policy): void {
    this.note();
    super.attachInlinePolicy(policy);
  }

  private note(): void {
    // the constructor of Role may call its own methods before the fields are there
    if (this.own === false) this.granted = true;
  }

  /**
   * Managed policies, and policies in CloudFormation's own words, name their roles, and the role hears nothing of it. In its own stack
   * that name is a `Ref`, in another one an import or a parameter that holds its logical id.
   */
  private isAttached(construct: IConstruct): boolean {
    const policy = construct instanceof iam.CfnManagedPolicy || construct instanceof iam.CfnPolicy;
    if (!policy || construct.node.path.startsWith(`${this.node.path}/`)) return false;
    const logicalId = this.stack.resolve((this.node.defaultChild as iam.CfnRole).logicalId) as string;
    const reference = JSON.stringify({ Ref: logicalId });
    const roles = JSON.stringify(construct.stack.resolve(construct.roles) ?? []);
    return construct.stack === this.stack
      ? roles.includes(reference)
      : roles.replaceAll(reference, '').includes(logicalId);
  }
}
