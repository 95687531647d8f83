import { useRef } from "preact/hooks";

/** For the element that the reader may be in. */
export interface BusyHandlers {
  readonly onPointerEnter: (event: PointerEvent) => void;
  readonly onPointerLeave: () => void;
  readonly onFocusIn: (event: FocusEvent) => void;
  readonly onFocusOut: () => void;
}

/**
 * Whether the reader's mouse, or their keyboard's focus, is in an element: nothing in it should change places then. A finger
 * leaves no pointer behind, and what was clicked keeps the focus without being looked at.
 */
export function useBusy(): { readonly isBusy: () => boolean; readonly handlers: BusyHandlers } {
  const at = useRef({ pointer: false, focus: false });
  const handlers = useRef<BusyHandlers>({
    onPointerEnter: ({ pointerType }) => (at.current.pointer = pointerType === "mouse"),
    onPointerLeave: () => (at.current.pointer = false),
    onFocusIn: ({ target }) => (at.current.focus = target instanceof Element && target.matches(":focus-visible")),
    onFocusOut: () => (at.current.focus = false),
  });
  return { isBusy: () => at.current.pointer || at.current.focus, handlers: handlers.current };
}
