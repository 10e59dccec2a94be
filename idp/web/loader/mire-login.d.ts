/** Types of the login widget: mire-login.js (which makes `Mire`) and mire-login.mjs. */

/** The version of the loader, and of the message protocol that it speaks. */
export declare const VERSION: string;
export declare const PROTOCOL: 1;

/** Puts a widget into `target`, or completes `target` when it is a `<mire-login>`. */
export declare function mount(target: Element, options: MireLoginOptions): MireLoginElement;

/** For the partner's sign-out: nobody is recognised at the next visit without having asked for it. */
export declare function signedOut(): Promise<void>;

export type MireLoginState = "idle" | "loading" | "ready" | "busy" | "done" | "error";

export interface MireLoginAttributes {
  /** The gateway's origin. */
  issuer: string;
  clientId: string;
  /** A pushed authorization request (RFC 9126). */
  requestUri: string;
  /** Where this page's own server answers a POST with `{request_uri, expires_in}`. */
  startUrl: string;
  /** How the sign-in ends, as the pushed request says. */
  completion: "redirect" | "message" | "";
  fedcm: "off" | "button" | "auto" | "";
  fallback: "redirect" | "popup" | "";
  lang: string;
  colorScheme: "light" | "dark" | "auto" | "";
  frameTitle: string;
  loading: "eager" | "lazy" | "";
}

export interface MireLoginResponse {
  code: string;
  state: string;
  iss: string;
  source: "frame" | "fedcm" | "popup";
}

export interface MireLoginError {
  error: string;
  error_description?: string;
  retryable: boolean;
  /** Seconds. */
  retry_after?: number;
}

export type MireLoginReason = "timeout" | "csp" | "sandbox" | "insecure" | "expired" | "protocol";

export interface MireLoginEvents {
  "mire-login:ready": CustomEvent<{ protocol: number; features: string[] }>;
  "mire-login:resize": CustomEvent<{ height: number }>;
  "mire-login:success": CustomEvent<MireLoginResponse>;
  "mire-login:handover": CustomEvent<Record<string, never>>;
  "mire-login:error": CustomEvent<MireLoginError>;
  "mire-login:blocked": CustomEvent<{ reason: MireLoginReason }>;
}

export interface MireLoginOptions extends Partial<MireLoginAttributes> {
  issuer: string;
  clientId: string;
  onReady?(event: MireLoginEvents["mire-login:ready"]): void;
  onResize?(event: MireLoginEvents["mire-login:resize"]): void;
  onSuccess?(event: MireLoginEvents["mire-login:success"]): void;
  onHandover?(event: MireLoginEvents["mire-login:handover"]): void;
  onError?(event: MireLoginEvents["mire-login:error"]): void;
  onBlocked?(event: MireLoginEvents["mire-login:blocked"]): void;
}

export interface MireLoginElement extends HTMLElement, MireLoginAttributes {
  lang: string;
  readonly state: MireLoginState;
  readonly version: string;
  /** How many messages were not believed: forged, repeated, oversized or malformed. */
  readonly ignored: number;
  focusForm(): void;
  reload(): void;
  abort(): void;
  addEventListener<Name extends keyof MireLoginEvents>(
    type: Name,
    listener: (this: MireLoginElement, event: MireLoginEvents[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "mire-login": MireLoginElement;
  }
  /** Made by mire-login.js only. */
  var Mire: Readonly<{
    VERSION: typeof VERSION;
    PROTOCOL: typeof PROTOCOL;
    mount: typeof mount;
    signedOut: typeof signedOut;
  }>;
}
