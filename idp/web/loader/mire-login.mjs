/**
 * <mire-login>: the login widget of Mire, in a partner's page.
 *
 * The form is another document, of the gateway's own origin, in a frame. This file only makes that frame, hands it one
 * end of a message channel, and tells the page what came of it. It never sees what a visitor types, and what it is told
 * is worth nothing to whoever listens: a code, without the verifier that the partner's server holds.
 *
 * Written for the strictest page: only DOM and CSSOM calls, no markup from text, no style attribute, no evaluation, no
 * dependency, no storage, no cookie. `.ci/publish_loader.py` writes the published files from this one.
 */

/** The version of this file: the folder it is published in. */
export const VERSION = "1.0.0";

/** The version of the message protocol; the gateway's frame speaks it as long as a published loader does. */
export const PROTOCOL = 1;

/** How long the frame may take to say `ready`: in all, and once loaded (a refused frame loads too: an error page). */
const READY_WITHIN = 6000;
const READY_AFTER_LOAD = 3000;

/** A pop-up closed sooner than this was cut off from this page by its Cross-Origin-Opener-Policy. */
const CUT_OFF_WITHIN = 3000;

/** The longest message that is believed, as JSON. */
const LONGEST = 8192;

/** How high the frame may make itself, in CSS pixels. */
const LOWEST = 80;
const HIGHEST = 1600;

/** Those that begin the sign-in again when they change come first. */
const ATTRIBUTES = [
  "issuer",
  "client-id",
  "request-uri",
  "start-url",
  "completion",
  "fedcm",
  "fallback",
  "color-scheme",
  "frame-title",
  "loading",
];
const EVENTS = ["ready", "resize", "success", "handover", "error", "blocked"];

const FRENCH = ["Connexion – ", "Se connecter avec ", "Continuer avec "];
const ENGLISH = ["Sign in – ", "Sign in with ", "Continue with "];
const TITLE = 0;
const LINK = 1;
const BUTTON = 2;

/** What a message may hold. One with any other member, `__proto__` included, is not believed. */
const optional = (check) => (value) => value === undefined || check(value);
const either = (...values) => (value) => values.includes(value);
const text = (value) => typeof value === "string" && value.length <= 512;
const word = (value) => text(value) && /^[a-z_]{1,40}$/.test(value);
const whole = Number.isInteger;

const RESPONSE = { code: (value) => text(value) && /^[\w-]{43,128}$/.test(value), state: text, iss: text };
const READY = {
  ready: { v: whole, min: optional(whole), max: optional(whole), features: (value) => Array.isArray(value) && value.every(word) },
};
const SHAPES = {
  resize: { height: Number.isFinite },
  state: { state: either("ready", "busy", "step", "done") },
  focusout: { dir: word },
  handover: {},
  result: { response: (value) => fits(value, RESPONSE) },
  error: { error: word, error_description: optional(text), retryable: optional(either(true, false)), retry_after: optional(whole) },
};

/** Whether a value is an object with exactly these members. */
const fits = (value, shape) =>
  value instanceof Object &&
  Object.keys(value).every((key) => Object.hasOwn(shape, key)) &&
  Object.keys(shape).every((key) => shape[key](value[key]));

/** Whether a message is one of these, of this channel, and not too long. */
const believable = (message, ch, shapes) => {
  try {
    const envelope = { p: either("mire"), v: either(PROTOCOL), ch: either(ch), type: (type) => Object.hasOwn(shapes, type) };
    return fits(message, { ...envelope, ...shapes[message.type] }) && JSON.stringify(message).length <= LONGEST;
  } catch {
    return false;
  }
};

/** The origin that `issuer` names, or nothing where a form for passwords may not come from. */
const originOf = (issuer) => {
  try {
    const { origin } = new URL(issuer);
    return /^https:|^http:\/\/((.+\.)?localhost|127\.0\.0\.1)(:|$)/.test(origin) ? origin : "";
  } catch {
    return "";
  }
};

const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/** Every widget of the page: each knows the others' messages from forged ones. */
const alive = new Set();

/** Those whose page said that it takes `success`. */
const taken = new WeakSet();

class MireLogin extends HTMLElement {
  static observedAttributes = ATTRIBUTES.slice(0, 4);

  #slot = document.createElement("slot");
  #state = "idle";
  #ignored = 0;
  #renewed = false;
  #connected;
  #due;
  /** The attempt under way: {issuer, uri, ch, scheme, frame, port, fedcm, popup, blocked}. */
  #run;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.addEventListener("click", (event) => this.#clicked(event));
  }

  get state() {
    return this.#state;
  }

  get version() {
    return VERSION;
  }

  /** How many messages were not believed: forged, repeated, oversized or malformed. */
  get ignored() {
    return this.#ignored;
  }

  connectedCallback() {
    alive.add(this);
    this.#connected = new AbortController();
    const listen = (target, name, heard) => target.addEventListener(name, heard, this.#connected);
    listen(window, "message", (event) => this.#heard(event));
    listen(window, "pageshow", (event) => event.persisted && this.reload());
    listen(document, "securitypolicyviolation", (event) => this.#violated(event));
    this.#restart();
  }

  disconnectedCallback() {
    alive.delete(this);
    this.#connected.abort();
    this.#stop();
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after) this.#restart();
  }

  /** Puts the focus into the form; never done unasked. */
  focusForm() {
    this.#run?.frame?.focus();
    this.#send("focus");
  }

  /** Begins again, with a new request_uri where there is a `start-url`. */
  reload() {
    this.#renewed = false;
    this.#restart(true);
  }

  /** Gives up: the frame goes, the link comes back. */
  abort() {
    this.#send("abort");
    this.#stop();
  }

  /** Several attributes set at once, or an element moved, are one beginning. */
  #restart(renew) {
    this.#stop();
    const due = (this.#due = {});
    queueMicrotask(() => due === this.#due && this.isConnected && this.#begin(renew));
  }

  #stop() {
    this.#quiet();
    this.#run = this.#due = undefined;
    this.#state = "idle";
    this.#slot.style.display = "";
    this.shadowRoot.replaceChildren(this.#slot);
  }

  #quiet() {
    this.#run?.fedcm?.abort();
    this.#run?.port?.close();
  }

  async #begin(renew) {
    const { requestUri, startUrl } = this;
    if (!this.issuer || !this.clientId || !(requestUri || startUrl)) return;
    const run = (this.#run = { issuer: originOf(this.issuer) });
    this.#state = "loading";
    if (!run.issuer || !isSecureContext) return this.#block(run, "insecure");
    if (self !== top || origin === "null") return this.#block(run, "sandbox");
    if (this.loading === "lazy") await this.#seen();
    if (run !== this.#run) return;
    this.#limit(run, READY_WITHIN);
    try {
      run.uri = startUrl && (renew || !requestUri) ? await this.#start(startUrl) : requestUri;
    } catch {
      if (run !== this.#run) return;
      this.#emit("error", { error: "server_error", retryable: true });
      this.#block(run, "expired");
    }
    if (run === this.#run && this.#state === "loading") this.#load(run);
  }

  #seen() {
    return new Promise((resolve) => {
      const look = (entries, observer) => entries.some((entry) => entry.isIntersecting) && resolve(observer.disconnect());
      new IntersectionObserver(look).observe(this);
    });
  }

  #limit(run, milliseconds) {
    setTimeout(() => this.#state === "loading" && this.#block(run, "timeout"), milliseconds);
  }

  /** The partner's server pushes a request and names it. Only this page's own origin is asked. */
  async #start(path) {
    const url = new URL(path, location.href);
    if (url.origin !== origin) throw path;
    const headers = { Accept: "application/json" };
    const answer = await fetch(url, { method: "POST", headers, credentials: "same-origin", cache: "no-store", redirect: "error" });
    const { request_uri: uri } = await answer.json();
    if (!answer.ok || !text(uri)) throw path;
    return uri;
  }

  #load(run) {
    const { issuer, uri } = run;
    const ch = (run.ch = crypto.randomUUID().replaceAll("-", ""));
    const frame = (run.frame = document.createElement("iframe"));
    const dark = this.colorScheme === "dark" || (this.colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    const scheme = (run.scheme = dark ? "dark" : "light");
    const asked = { client_id: this.clientId, request_uri: uri, ch, lang: this.#lang(), scheme };
    frame.title = (this.frameTitle || this.#text(TITLE)).slice(0, 80);
    frame.allow = ["publickey-credentials-get", "identity-credentials-get", "storage-access"].map((name) => name + " " + issuer).join("; ");
    frame.referrerPolicy = "strict-origin";
    frame.onload = () => this.#limit(run, READY_AFTER_LOAD);
    frame.src = issuer + "/widget/frame?" + new URLSearchParams(asked);
    frame.style.cssText = "display:block;width:100%;border:0;visibility:hidden;height:" + LOWEST + "px;color-scheme:" + scheme;
    this.shadowRoot.append(frame);
  }

  #lang() {
    return this.closest("[lang]")?.lang ?? "";
  }

  #text(which) {
    return (/^en\b/i.test(this.#lang()) ? ENGLISH : FRENCH)[which] + new URL(this.#run.issuer).host;
  }

  #violated({ disposition, effectiveDirective, blockedURI }) {
    const ours = disposition === "enforce" && effectiveDirective === "frame-src" && blockedURI.startsWith(this.#run?.issuer);
    if (ours && this.#state === "loading") this.#block(this.#run, "csp");
  }

  /** The handshake: `ready` from that frame, of that origin, on that channel, once. All that follows comes by the port. */
  #heard({ data, origin, source, isTrusted }) {
    const run = this.#run;
    if (!run) return;
    const window = run.frame?.contentWindow;
    const trusted = isTrusted && origin === run.issuer;
    if (source && source === run.popup) return this.#answered(run, trusted && data);
    if (source !== window && (data?.p !== "mire" || [...alive].some((other) => other.#run?.frame?.contentWindow === source))) return;
    if (trusted && source === window && this.#state === "loading" && believable(data, run.ch, READY)) this.#greet(run, data, window);
    else this.#ignored++;
  }

  #greet(run, { min = PROTOCOL, max = min, features }, window) {
    if (min > PROTOCOL || max < PROTOCOL) return this.#block(run, "protocol");
    const { port1, port2 } = new MessageChannel();
    run.port = port1;
    port1.onmessage = ({ data }) => (believable(data, run.ch, SHAPES) ? this.#told(run, data) : this.#ignored++);
    window.postMessage(this.#message("init", { loader: VERSION, scheme: run.scheme }), run.issuer, [port2]);
    if (this.matches(":focus-within")) this.focusForm();
    this.#slot.style.display = "none";
    run.frame.style.visibility = "";
    this.#state = "ready";
    this.#recognise(run);
    this.#emit("ready", { protocol: PROTOCOL, features });
  }

  #message(type, more) {
    return { p: "mire", v: PROTOCOL, ch: this.#run.ch, type, ...more };
  }

  #send(type) {
    this.#run?.port?.postMessage(this.#message(type));
  }

  #told(run, data) {
    const { type, height, state, response } = data;
    if (type === "resize") this.#resize(run, Math.min(HIGHEST, Math.max(LOWEST, Math.ceil(height))));
    if (type === "state") this.#went(run, state);
    if (type === "result") this.#settle(run, response, "frame");
    if (type === "error") this.#failed(run, data);
    if (type === "handover") {
      this.#state = "done";
      this.#emit("handover", {});
    }
  }

  #resize(run, height) {
    if (this.#emit("resize", { height }, true)) run.frame.style.height = height + "px";
  }

  #went(run, state) {
    if (run.blocked) return;
    this.#state = state === "step" ? "ready" : state;
    if (state !== "busy") return;
    this.#renewed = false;
    run.fedcm?.abort();
  }

  #failed(run, { error, error_description, retryable = false, retry_after }) {
    const expired = error === "expired";
    const renew = expired && !!this.startUrl && !this.#renewed;
    if (expired) retryable = renew;
    if (!retryable) this.#state = "error";
    this.#emit("error", { error, error_description, retryable, retry_after });
    if (renew) {
      this.#renewed = true;
      this.#restart(true);
    } else if (expired) this.#block(run, error);
  }

  /** An answer that names exactly this issuer (RFC 9207) ends the attempt. */
  #settle(run, { code, state, iss }, source) {
    if (iss !== run.issuer) return this.#ignored++;
    if (source !== "frame") this.#send("abort");
    this.#quiet();
    this.#state = "done";
    this.#emit("success", { code, state, iss, source });
  }

  /** The frame cannot be used: the link is there again, or for the first time. A frame that said why stays. */
  #block(run, reason) {
    if (run !== this.#run) return;
    if (!run.port) run.frame?.remove();
    run.blocked = true;
    this.#state = "error";
    if (!this.#emit("blocked", { reason }, true) || run !== this.#run) return;
    this.#slot.style.display = "";
    run.uri ??= this.requestUri;
    if (this.childElementCount || !run.issuer || !run.uri) return;
    const link = document.createElement("a");
    link.href = this.#address();
    link.target = "_top";
    this.#add(link, "link", LINK);
  }

  #add(element, part, which) {
    element.part = part;
    element.textContent = this.#text(which);
    this.shadowRoot.append(element);
  }

  #address() {
    return this.#run.issuer + "/authorize?" + new URLSearchParams({ client_id: this.clientId, request_uri: this.#run.uri });
  }

  #emit(name, detail, cancelable) {
    return this.dispatchEvent(new CustomEvent("mire-login:" + name, { detail, cancelable, bubbles: true, composed: true }));
  }

  /** The link opens a pop-up where the partner asked for one and takes the answer by message; else it is a link. */
  #clicked(event) {
    const run = this.#run;
    const link = event.composedPath().find((element) => element.localName === "a");
    if (!link || !run?.uri || this.fallback !== "popup" || this.completion !== "message") return;
    const popup = (run.popup = open(this.#address() + "&display=popup", "", "popup,width=480,height=640"));
    if (!popup) return;
    event.preventDefault();
    const begun = Date.now();
    let closed = 0;
    const watch = setInterval(() => {
      const over = popup !== this.#run?.popup;
      if (!over && (!popup.closed || !closed++)) return;
      clearInterval(watch);
      if (over) return;
      if (Date.now() - begun < CUT_OFF_WITHIN) location.assign(link.href);
      else this.#emit("error", { error: "access_denied", retryable: true });
    }, 250);
  }

  #answered(run, data) {
    const response = data?.type === "authorization_response" && data.response;
    const right = fits(response, RESPONSE) && response.iss === run.issuer;
    if (!right && !word(response?.error)) return this.#ignored++;
    run.popup.close();
    run.popup = undefined;
    if (right) this.#settle(run, response, "popup");
    else this.#emit("error", { error: response.error, retryable: true });
  }

  /** FedCM, for people whom this browser knows. The answer is `success`: the page must be one that takes it. */
  #recognise(run) {
    if ((this.completion !== "message" && !taken.has(this)) || !window.IdentityCredential) return;
    if (this.fedcm === "auto") this.#identify(run, "passive");
    if (this.fedcm !== "button") return;
    const button = document.createElement("button");
    button.onclick = () => this.#identify(run, "active");
    button.type = "button";
    this.#add(button, "fedcm", BUTTON);
  }

  async #identify(run, mode) {
    run.fedcm?.abort();
    const { signal } = (run.fedcm = new AbortController());
    const provider = { configURL: run.issuer + "/fedcm/config.json", clientId: this.clientId, fields: [], params: { request_uri: run.uri } };
    try {
      const identity = { mode, context: "signin", providers: [provider] };
      const response = JSON.parse((await navigator.credentials.get({ signal, mediation: "optional", identity })).token);
      if (signal.aborted) return;
      if (fits(response, RESPONSE)) this.#settle(run, response, "fedcm");
      else this.#ignored++;
    } catch ({ name, error }) {
      if (name !== "IdentityCredentialError" || signal.aborted) return;
      this.#emit("error", { error: word(error) ? error : "access_denied", retryable: true });
    }
  }
}

for (const name of ATTRIBUTES) {
  const get = function () {
    return this.getAttribute(name) ?? "";
  };
  const set = function (value) {
    this.setAttribute(name, value);
  };
  Object.defineProperty(MireLogin.prototype, camel(name), { get, set });
}

customElements.get("mire-login") ?? customElements.define("mire-login", MireLogin);

/** Puts a widget into an element, or completes the one that it is: attributes in camel case, and `onReady`, `onSuccess`, ... */
export function mount(target, options) {
  const element = target.localName === "mire-login" ? target : document.createElement("mire-login");
  for (const name of [...ATTRIBUTES, "lang"]) {
    const value = options[camel(name)];
    if (value !== undefined) element.setAttribute(name, value);
  }
  for (const name of EVENTS) {
    const heard = options[camel("on-" + name)];
    if (heard) element.addEventListener("mire-login:" + name, heard);
  }
  if (options.onSuccess) taken.add(element);
  if (element !== target) target.append(element);
  return element;
}

/** For the partner's sign-out: nobody is recognised at the next visit without having asked for it. */
export async function signedOut() {
  await navigator.credentials?.preventSilentAccess?.();
}
