package org.bitatlas.eval.endpoint;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Where a server listens.
 *
 * @param root scheme, host, port and path in front of {@code /v1}, without a slash at the end
 */
public record EndpointAddress(URI root) {

  /**
   * The address a user wrote, with or without {@code /v1} at its end.
   *
   * @throws BitAtlasException when it is not an http or https address, or holds a password, a query
   *     or a fragment
   */
  public static EndpointAddress parse(String text) {
    URI uri;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException e) {
      throw new BitAtlasException(
          "The endpoint is not an address (%s); give one such as http://127.0.0.1:8000."
              .formatted(e.getReason()),
          e);
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if ((!scheme.equals("http") && !scheme.equals("https")) || uri.getHost() == null) {
      throw new BitAtlasException(
          "The endpoint must be an http or https address, such as http://127.0.0.1:8000.");
    }
    if (uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
      throw new BitAtlasException(
          "The address of the endpoint %s holds a name, password, query or fragment; give scheme, host, port and path, and a key in the variable %s."
              .formatted(scheme + "://" + uri.getHost(), EndpointSettings.KEY_VARIABLE));
    }
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    String root = path.replaceFirst("/+$", "").replaceFirst("/v1$", "");
    String authority = uri.getRawAuthority();
    return new EndpointAddress(URI.create(scheme + "://" + authority + root));
  }

  /** The address of a path such as {@code /v1/models}. */
  URI of(String path) {
    return URI.create(root + path);
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
