/** A machine of a cloud, as far as discovery is concerned: all clouds' in one form. */
export interface Instance {
  readonly id: string;
  /** What people call it; undefined where it has no name. */
  readonly name: string | undefined;
  /** `ending`: it goes down, and may still answer. `idle`: it starts, or stands still. `gone`: it is there in name alone. */
  readonly state: "running" | "ending" | "idle" | "gone";
  readonly private: string | undefined;
  readonly public: string | undefined;
  readonly ipv6: string | undefined;
  readonly zone: string | undefined;
  /** What its owners have written at it: tags, metadata. */
  readonly tags: Readonly<Record<string, string>>;
}
