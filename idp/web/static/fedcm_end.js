// Ends the browser's own dialogue: with an answer for the page that called it, or without. Elsewhere nothing happens.
"use strict";
(function () {
  var answer = document.getElementById("answer");
  var token = answer.getAttribute("data-token");
  var provider = window.IdentityProvider;
  if (!provider) return;
  if (!token) return provider.close();
  provider.resolve(token, { accountId: answer.getAttribute("data-account") }).catch(function () {});
})();
