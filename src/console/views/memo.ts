import { Component, type ComponentChildren, type ComponentType } from "preact";

/**
 * Draws a part again only when one of its props is another value: for the many small parts of a live table. The part is
 * a plain function of its props, without hooks.
 */
export function memo<P extends object>(part: (props: P) => ComponentChildren): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      return !isShallowEqual(this.props, next);
    }

    override render(): ComponentChildren {
      return part(this.props);
    }
  };
}

function isShallowEqual(a: object, b: object): boolean {
  const entries = Object.entries(a);
  const others = new Map(Object.entries(b));
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && Object.is(others.get(key), value))
  );
}
