// Hands the answer to the one page that may have it: the window that opened this one, or the one that frames it.
"use strict";
(function () {
  var answer = document.getElementById("answer");
  var origin = answer.getAttribute("data-origin");
  var response = {};
  Array.prototype.forEach.call(answer.querySelectorAll("input"), function (field) {
    response[field.name] = field.value;
  });
  var receiver = window.opener || (window.parent !== window ? window.parent : null);
  if (!receiver) return;
  receiver.postMessage({ type: "authorization_response", response: response }, origin);
  if (window.opener) window.close();
})();
