import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** What is in sight of a box that scrolls, in pixels. */
export interface ScrollView {
  readonly top: number;
  readonly height: number;
}

/**
 * A box and what of it is in sight, from the first drawing on.
 *
 * @param height assumed until there is something to measure
 * @param onLook called at each look, with the box; the function of the first drawing
 */
export function useScrollView(
  height: number,
  onLook?: (element: HTMLElement) => void,
): { readonly box: RefObject<HTMLDivElement | null>; readonly view: ScrollView } {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<ScrollView>({ top: 0, height });
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => {
      setView({ top: element.scrollTop, height: element.clientHeight });
      onLook?.(element);
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return { box, view };
}
