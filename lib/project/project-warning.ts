/** Something that is done otherwise than someone may expect. */
export interface ProjectWarning {
  readonly id: string;
  readonly message: string;
}
