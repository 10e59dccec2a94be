/* The sign-in form inside a partner's page: it sends what is typed to us alone, and tells the page only what came of
   it. The page and everything else around it may be hostile: whatever is not its one port is ignored, and counted. */
(function () {
  "use strict";

  var body = document.body, data = body.dataset, PARENT = data.parent, CHANNEL = data.channel;
  var LONGEST = 8192, RENEW = 240000, STARTS = 1000, FRESH = 4000, SETTLED = 300, RECENT = 15000;
  var tx = data.tx, page = "", port = null, ignored = 0, busy = false, pressed = 0, starting = 0, sending = null;

  function byId(id) {
    return document.getElementById(id);
  }

  /* Towards the page: by the port that it gave us, and no other way. */

  function tell(type, members) {
    if (port) {
      port.postMessage(Object.assign({ p: "mire", v: 1, ch: CHANNEL, type: type }, members));
    }
  }

  function isTheirs(message) {
    try {
      return message.p === "mire" && message.v === 1 && message.ch === CHANNEL && typeof message.type === "string" &&
        JSON.stringify(message).length <= LONGEST;
    } catch (error) {
      return false; /* Nothing at all, or what cannot be written: a circle, a BigInt. */
    }
  }

  function isFramedByOne() {
    var all = location.ancestorOrigins;
    return !all || (all.length === 1 && all[0] === PARENT);
  }

  function onWindowMessage(event) {
    var fits = !port && event.source === window.parent && event.origin === PARENT && event.ports.length === 1 &&
      isTheirs(event.data) && event.data.type === "init" && isFramedByOne();
    if (!fits) {
      ignored += 1;
      return;
    }
    port = event.ports[0];
    port.onmessage = onPortMessage;
    if (event.data.scheme === "light" || event.data.scheme === "dark") {
      document.documentElement.dataset.theme = event.data.scheme;
    }
    if (data.state === "expired") {
      tell("error", { error: "expired", retryable: true });
    } else {
      tell("state", { state: "ready" });
    }
    measure();
  }

  function onPortMessage(event) {
    var known = { focus: focusForm, abort: abort };
    if (isTheirs(event.data) && Object.hasOwn(known, event.data.type)) {
      known[event.data.type]();
    } else {
      ignored += 1;
    }
  }

  function measure() {
    var height = Math.ceil(byId("content").getBoundingClientRect().height);
    tell("resize", { height: Math.max(80, Math.min(1600, height)) });
  }

  window.addEventListener("message", onWindowMessage);
  if (window.parent !== window && PARENT && CHANNEL) {
    window.parent.postMessage(
      { p: "mire", v: 1, ch: CHANNEL, type: "ready", min: 1, max: 1, features: ["handover", "web_message"] }, PARENT
    );
  }
  new ResizeObserver(measure).observe(byId("content"));
  if (data.state !== "form") {
    return;
  }

  var form = byId("sign-in"), notice = byId("notice"), button = byId("submit"), hand = byId("handover");
  var NAMES = ["siret", "family_name", "given_name", "password"];

  /* What people read. */

  function say(title, text) {
    var strong = document.createElement("strong"), line = document.createElement("p");
    strong.textContent = title ? title + " " : "";
    line.append(strong, text || "");
    notice.className = "notice";
    notice.replaceChildren(line);
    describe(true);
  }

  /* A small screen shows little more than the field that has the focus; the page may have to make room first. */
  function show() {
    notice.scrollIntoView({ block: "nearest" });
    window.addEventListener("resize", function () { notice.scrollIntoView({ block: "nearest" }); }, { once: true });
  }

  /* The field that keeps the focus says what was wrong, too. */
  function describe(now) {
    var input = byId("password"), told = (input.getAttribute("aria-describedby") || "").split(" ");
    told = told.filter(function (id) { return id && id !== "notice"; });
    input.setAttribute("aria-describedby", (now ? told.concat("notice") : told).join(" "));
  }

  function clear() {
    notice.className = "";
    notice.replaceChildren();
    describe(false);
    mark({});
  }

  function mark(wrong) {
    NAMES.forEach(function (name) {
      var input = byId(name), error = byId(name + "-error");
      error.textContent = wrong[name] || "";
      if (wrong[name]) {
        input.setAttribute("aria-invalid", "true");
      } else {
        input.removeAttribute("aria-invalid");
      }
    });
  }

  function focusForm() {
    var empty = NAMES.filter(function (name) { return !byId(name).value; });
    byId(empty[0] || "password").focus();
  }

  function setBusy(now) {
    busy = now;
    form.setAttribute("aria-busy", String(now));
    byId("busy").textContent = now ? form.dataset.busy : "";
    gate();
    tell("state", { state: now ? "busy" : "ready" });
  }

  /* Only a form that can be seen as we drew it may be sent (where the browser can tell: IntersectionObserver v2). */

  var seen = !("isVisible" in IntersectionObserverEntry.prototype), timer = 0;

  function gate() {
    button.disabled = busy || !seen;
  }

  function onSight(entries) {
    var last = entries[entries.length - 1];
    clearTimeout(timer);
    if (!last.isVisible) {
      seen = false;
      gate();
      if (last.isIntersecting) { // Further down a long page it is not masked; saying so would move the button later.
        timer = setTimeout(function () { byId("masked").hidden = false; measure(); }, SETTLED);
      }
      return;
    }
    timer = setTimeout(function () {
      seen = true;
      byId("masked").hidden = true;
      gate();
    }, SETTLED);
  }

  /* Every field must have been seen whole, once: a page that shows no more than the button gets no click for it. */

  var unseen = seen ? [] : NAMES.slice(), gone = Infinity;

  /* Each field must have been seen, and the password of late: nobody types it into what was shown for a moment. */
  function onField(entries) {
    entries.forEach(function (entry) {
      var name = entry.target.id, visible = entry.isVisible && entry.intersectionRatio > 0.9;
      if (visible) {
        entry.target.dataset.seen = "";
        unseen = unseen.filter(function (other) { return other !== name; });
      }
      if (name === "password") {
        gone = visible ? Infinity : Math.min(gone, Date.now());
      }
    });
  }

  function notSeen() {
    return unseen[0] || (Date.now() - gone > RECENT ? "password" : "");
  }

  if (!seen) {
    new IntersectionObserver(onSight, { threshold: [0, 0.25, 0.5, 0.75, 1], trackVisibility: true, delay: 100 })
      .observe(form);
    var fields = new IntersectionObserver(onField, { threshold: [0, 0.5, 0.95, 1], trackVisibility: true, delay: 100 });
    NAMES.forEach(function (name) { fields.observe(byId(name)); });
  }
  gate();

  /* To us. */

  function post(path, members) {
    sending = new AbortController();
    return fetch(path, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json", "Accept": "application/json" },
      body: JSON.stringify(Object.assign({ lang: document.documentElement.lang }, members)),
      signal: sending.signal
    }).then(function (answer) { return answer.json(); });
  }

  function counted() {
    var many = String(ignored);
    ignored = 0;
    return many;
  }

  function keep(answer) {
    tx = answer.tx || tx;
    page = answer.page || page;
    if (page) {
      document.querySelectorAll("a.leave").forEach(function (link) { link.setAttribute("href", page); });
    }
  }

  function send(event) {
    var typed;
    event.preventDefault();
    if (busy || button.disabled || !seen || notSeen()) {
      hold();
      return;
    }
    typed = { tx: tx, ignored: counted() };
    NAMES.forEach(function (name) { typed[name] = byId(name).value; });
    clear();
    pressed = Date.now();
    setBusy(true);
    post(form.getAttribute("action"), typed).then(onAnswer).catch(onFailure);
  }

  /* Not sent: nothing may say that it was (sign_in.js does at every submit). */
  function hold() {
    if (busy) {
      return;
    }
    form.setAttribute("aria-busy", "false");
    byId("busy").textContent = "";
    if (seen && notSeen()) {
      byId(notSeen()).focus();
    }
  }

  function onFailure(error) {
    setBusy(false);
    if (error.name !== "AbortError") {
      say("", notice.dataset.failed);
      tell("error", { error: "server_error", retryable: true });
    }
  }

  function onAnswer(answer) {
    keep(answer);
    if (!answer.fields && answer.error !== "temporarily_unavailable") {
      byId("password").value = "";
    }
    if (answer.status === "ok") {
      finish(answer);
      return;
    }
    setBusy(false);
    if (answer.error === "expired") {
      expire();
      return;
    }
    say(answer.title, answer.message);
    mark(answer.fields || {});
    if (answer.status === "top") {
      byId("separate").focus();
    } else if (answer.fields) {
      byId(NAMES.filter(function (name) { return answer.fields[name]; })[0]).focus();
    } else {
      byId("password").setAttribute("aria-invalid", "true");
      byId("password").focus();
    }
    show();
    report(answer);
  }

  /* Never what was typed, nor which field was wrong. */
  function report(answer) {
    var known = ["invalid_credentials", "rate_limited", "interaction_required", "temporarily_unavailable"];
    var members = { error: known.indexOf(answer.error) < 0 ? "" : answer.error, retryable: answer.status !== "top" };
    if (answer.retry_after) {
      members.retry_after = answer.retry_after;
    }
    if (members.error) {
      tell("error", members);
    }
  }

  function expire() {
    say("", notice.dataset.expired);
    form.hidden = true;
    hand.hidden = true;
    tell("error", { error: "expired", retryable: true });
  }

  /* The end: a message to the page, or the whole browser window, by our own form. */

  function finish(answer) {
    if (data.completion === "message") {
      post("/widget/message", { tx: tx, ticket: answer.ticket }).then(function (told) {
        if (told.response) {
          tell("result", { response: told.response });
          done();
        } else {
          setBusy(false);
          if (told.status !== "top") {
            expire();
            return;
          }
          form.hidden = true;
          say("", told.message);
          tell("error", { error: "interaction_required", retryable: false });
        }
      }).catch(onFailure);
      return;
    }
    byId("ticket").value = answer.ticket;
    if (Date.now() - pressed > FRESH) {
      offer();
    } else {
      leave();
    }
  }

  function done() {
    form.hidden = true;
    byId("busy").textContent = "";
    tell("state", { state: "done" });
  }

  function leave() {
    tell("handover", {});
    hand.submit();
    starting = setTimeout(offer, STARTS);
  }

  /* The window is on its way: whatever the network takes from here on, nobody needs to press anything. */
  window.addEventListener("beforeunload", function () { clearTimeout(starting); });

  /* The browser wants a fresh click, or the page holds us back. */
  function offer() {
    done();
    hand.hidden = false;
    say("", notice.dataset.ready);
    byId("continue").focus();
    hand.addEventListener("submit", function () {
      tell("handover", {});
      starting = setTimeout(function () {
        say("", notice.dataset.kept);
        hand.hidden = true;
        document.querySelectorAll("a.leave").forEach(function (link) { link.target = "_blank"; });
      }, STARTS);
    });
  }

  function abort() {
    if (sending) {
      sending.abort();
    }
    byId("password").value = "";
  }

  function renew() {
    if (!form.hidden && !busy) {
      post("/widget/renew", { tx: tx, ignored: counted() }).then(function (answer) {
        if (answer.status === "top") {
          form.hidden = true;
          say("", answer.message);
        } else if (answer.status !== "ok") {
          expire();
        }
      }).catch(function () { /* Tried again in a while. */ });
    }
  }

  form.addEventListener("submit", send);
  form.addEventListener("input", function told() {
    form.removeEventListener("input", told);
    tell("state", { state: "busy" });
    tell("state", { state: "ready" });
  });
  setInterval(renew, RENEW);
  document.addEventListener("visibilitychange", renew);
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      renew();
    }
  });
}());
