// Sends the answer on at once. Without JavaScript the button does the same.
"use strict";
document.getElementById("answer").submit();
