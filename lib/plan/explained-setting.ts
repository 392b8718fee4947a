/** One row of the plan: a setting in its program's own words, its value, and why it has this value. */
export interface ExplainedSetting {
  readonly hop: string;
  readonly setting: string;
  readonly value: string;
  readonly because: string;
}
