// Swagger UI on the description of this server, which is beside this folder.
SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  displayRequestDuration: true,
  // A token stays in the page, and is asked for again after a reload.
  persistAuthorization: false,
  // Nothing is sent to anybody else.
  validatorUrl: null,
});
