/** A directive's value with `$variables`, compiled once when the configuration is read. */
export interface Template {
  readonly source: string;
  /** Names of the variables it reads, without `$`. */
  readonly variables: readonly string[];
  evaluate(variables: VariableSource): string;
}

/** Gives the value of a variable for the request (or connection) at hand; '' where it has none. */
export interface VariableSource {
  variable(name: string): string;
}
