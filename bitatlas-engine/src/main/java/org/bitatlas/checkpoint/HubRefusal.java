package org.bitatlas.checkpoint;

import java.net.URI;
import java.net.http.HttpResponse;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What to tell the user when the hub does not serve a request.
 *
 * @param endpoint address of the hub
 */
record HubRefusal(URI endpoint) {

  /**
   * Returns when the request was served.
   *
   * @param file the file asked for, or empty for the model as a whole
   * @throws HubClient.Transient when the failure may pass
   * @throws BitAtlasException when it will not, saying what to do
   */
  void check(HttpResponse<?> response, HubModelId id, String file) throws HubClient.Transient {
    int status = response.statusCode();
    if (status == 200 || status == 206) {
      return;
    }
    if (status >= 500 || status == 429 || status == 408) {
      throw new HubClient.Transient(response.uri() + " answered with status " + status);
    }
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    throw new BitAtlasException(message(status, code, id, file));
  }

  private String message(int status, String code, HubModelId id, String file) {
    String kind = id.isData() ? "data set" : "model";
    String named = "the " + kind + " " + id;
    String what = file.isEmpty() ? named : "the file " + file + " of " + named;
    if (status == 403 || code.equals("GatedRepo")) {
      return "The hub "
          + endpoint
          + " does not give out "
          + what
          + ": accept its terms at "
          + endpoint
          + id.files()
          + " and set HF_TOKEN to a token that may read it.";
    }
    if (status == 401) {
      return "The hub "
          + endpoint
          + " has no public "
          + kind
          + " "
          + id
          + ": check the id, or set HF_TOKEN to a token that may read it.";
    }
    if (status == 404 && code.equals("RevisionNotFound")) {
      return "The " + kind + " " + id.repository() + " has no revision '" + id.revision() + "'.";
    }
    if (status == 404) {
      return "The hub " + endpoint + " does not know " + what + ": check the id.";
    }
    return "The hub " + endpoint + " refused " + what + " with status " + status + ".";
  }
}
