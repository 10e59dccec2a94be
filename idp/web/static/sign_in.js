/* The sign-in page's comforts. The page does everything without them: no error here may stop a submit.
   Written in ECMAScript 5, each comfort apart, each behind a test of what it needs. */
(function () {
  "use strict";

  var SEPARATORS = /[\s\u00a0\u2007\u2009\u200b\u202f\u2060\ufeff]+/g;

  function byId(id) {
    return document.getElementById(id);
  }

  function say(element, text) {
    if (element && element.textContent !== text) {
      element.textContent = text;
    }
  }

  function attempt(comfort) {
    try {
      comfort();
    } catch (error) {
      /* An old browser goes on without this comfort. */
    }
  }

  function luhn(digits) {
    var sum = 0, index, digit;
    for (index = 0; index < digits.length; index += 1) {
      digit = Number(digits.charAt(digits.length - 1 - index)) * (index % 2 + 1);
      sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 === 0;
  }

  function likely(digits) {
    return luhn(digits) || digits.indexOf("356000000") === 0;
  }

  /* Live ticks: a mark and words, so that neither colour nor sight is needed. */
  function tick(id, judge) {
    var input = byId(id), note = byId(id + "-tick");
    function look(quiet) {
      var verdict = judge(input.value, note);
      note.className = "tick" + (verdict.good ? " good" : "");
      if (!quiet || verdict.good) {
        say(note, verdict.text);
      }
    }
    input.addEventListener("input", function () { look(false); });
    input.addEventListener("change", function () { look(false); });
    if (input.getAttribute("aria-invalid") !== "true") {
      look(true);
    }
  }

  function judgeSiret(value, note) {
    var digits = value.replace(SEPARATORS, ""), good;
    if (!digits || !/^[0-9]+$/.test(digits)) {
      return { good: false, text: "" };
    }
    if (digits.length === 14) {
      good = likely(digits);
      return { good: good, text: note.getAttribute(good ? "data-done" : "data-doubt") };
    }
    if (digits.length === 9) {
      return { good: false, text: note.getAttribute("data-siren") };
    }
    return {
      good: false,
      text: note.getAttribute(digits.length > 14 ? "data-long" : "data-count").replace("{n}", digits.length)
    };
  }

  function judgeName(value, note) {
    var good = /\S/.test(value);
    return { good: good, text: good ? note.getAttribute("data-done") : "" };
  }

  /* Password managers keep one user name: SIRET/NOM/PRENOM, in a field that people do not see. */
  function userName() {
    var parts = [
      byId("siret").value.replace(SEPARATORS, ""), byId("family_name").value, byId("given_name").value
    ];
    return parts[0] ? parts.join("/") : "";
  }

  function fill(id, value) {
    var input = byId(id), event;
    input.value = value;
    event = document.createEvent("Event");
    event.initEvent("change", true, false);
    input.dispatchEvent(event);
  }

  function connectManagers(form) {
    var username = byId("username");
    function split() {
      var parts = username.value.split("/");
      if (parts.length === 3 && username.value !== userName()) {
        fill("siret", parts[0]);
        fill("family_name", parts[1]);
        fill("given_name", parts[2]);
      }
    }
    username.addEventListener("input", split);
    username.addEventListener("change", split);
    form.addEventListener("submit", function () {
      attempt(function () { username.value = userName(); });
    });
  }

  function offerReveal() {
    var password = byId("password"), button = byId("reveal"), form = byId("sign-in"), said = byId("busy");
    function show(visible) {
      password.type = visible ? "text" : "password";
      say(byId("reveal-text"), button.getAttribute(visible ? "data-hide" : "data-show"));
      say(said, button.getAttribute(visible ? "data-shown" : "data-hidden"));
    }
    button.addEventListener("click", function () { show(password.type === "password"); });
    /* Submitted as a password, so that the browser never keeps it among the texts typed. */
    form.addEventListener("submit", function () {
      attempt(function () {
        password.type = "password";
        say(byId("reveal-text"), button.getAttribute("data-show"));
      });
    });
    button.hidden = false;
    button.removeAttribute("hidden");
  }

  /* A second press would drop the answer to the first, which has ended this sign-in; after a while it may be meant. */
  function sayBusy(form) {
    var PATIENCE = 8000, sent = -PATIENCE;
    form.addEventListener("submit", function (event) {
      attempt(function () {
        if (form.getAttribute("aria-busy") === "true" && Date.now() - sent < PATIENCE) {
          event.preventDefault();
          return;
        }
        sent = Date.now();
        form.setAttribute("aria-busy", "true");
        say(byId("busy"), form.getAttribute("data-busy"));
      });
    });
    /* The back button may bring the page back as it was left. */
    window.addEventListener("pageshow", function (event) {
      if (event.persisted) {
        form.removeAttribute("aria-busy");
        byId("password").value = "";
        say(byId("busy"), "");
      }
    });
  }

  attempt(function () { tick("siret", judgeSiret); });
  attempt(function () { tick("family_name", judgeName); });
  attempt(function () { tick("given_name", judgeName); });
  attempt(function () { connectManagers(byId("sign-in")); });
  attempt(offerReveal);
  attempt(function () { sayBusy(byId("sign-in")); });
}());
