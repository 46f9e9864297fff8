"use strict";
// Without this script the page is whole; with it findings can be filtered, and a
// link to one opens it.
(function () {
  var cards = Array.prototype.slice.call(document.querySelectorAll(".card"));
  var find = document.getElementById("find"), shown = document.getElementById("shown"), open = document.getElementById("open");
  function filter() {
    var words = find.value.toLowerCase().split(/\s+/), n = 0;
    cards.forEach(function (c) {
      var text = c.textContent.toLowerCase();
      c.hidden = !words.every(function (w) { return text.indexOf(w) >= 0; });
      n += c.hidden ? 0 : 1;
    });
    shown.textContent = find.value ? n + " of " + cards.length : "";
  }
  function target() {
    var c = document.getElementById(location.hash.slice(1));
    if (c && c.tagName === "DETAILS") { c.hidden = false; c.open = true; c.scrollIntoView(); }
  }
  if (find) {
    find.addEventListener("input", filter);
    open.addEventListener("click", function () {
      var all = open.textContent === "Open all";
      cards.forEach(function (c) { c.open = all; });
      open.textContent = all ? "Close all" : "Open all";
    });
  }
  window.addEventListener("hashchange", target);
  target();
})();
