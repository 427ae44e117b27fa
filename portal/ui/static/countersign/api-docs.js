// The interactive description of the API; requests of a signed-in person carry the CSRF token of the page.
const place = document.getElementById("api-docs");
const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
const ours = (url) => new URL(url, document.baseURI).origin === window.location.origin;

window.SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  docExpansion: "list",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (ours(request.url) && !["GET", "HEAD"].includes((request.method || "GET").toUpperCase())) {
      request.headers["X-CSRFToken"] = token;
    }
    return request;
  },
});
