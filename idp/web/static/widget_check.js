/* What this browser can do for the widget, said in words. ECMAScript 5: old browsers are what it is for. */
(function () {
  "use strict";

  var tests = {
    elements: function () { return !!window.customElements && !!window.MessageChannel; },
    secure: function () { return window.isSecureContext === true; },
    cookies: function () { return navigator.cookieEnabled; },
    fedcm: function () { return typeof window.IdentityCredential === "function"; },
    visibility: function () {
      return !!window.IntersectionObserverEntry && "isVisible" in window.IntersectionObserverEntry.prototype;
    },
    storage: function () { return typeof document.requestStorageAccess === "function"; },
    trusted: function () { return !!window.trustedTypes; }
  };
  var list = document.getElementById("features");
  var items = list.querySelectorAll("[data-feature]"), index, item;

  for (index = 0; index < items.length; index += 1) {
    item = items[index];
    item.textContent = item.getAttribute(tests[item.getAttribute("data-feature")]() ? "data-yes" : "data-no");
  }
  list.hidden = false;
  document.getElementById("untested").hidden = true;
}());
