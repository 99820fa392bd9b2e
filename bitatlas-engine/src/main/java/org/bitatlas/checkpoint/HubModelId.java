package org.bitatlas.checkpoint;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A repository of the hub at a revision: a model, written {@code owner/name} or {@code
 * owner/name@revision}, or a data set, written with {@code datasets/} in front.
 *
 * @param isData whether it is a data set
 * @param repository owner and name
 * @param revision branch, tag or commit; {@code main} by default
 */
record HubModelId(boolean isData, String repository, String revision) {

  private static final String DATA = "datasets/";

  private static final String WORD = "[A-Za-z0-9_][A-Za-z0-9._-]{0,95}";
  private static final Pattern FORM =
      Pattern.compile("(" + WORD + "/" + WORD + ")(?:@([A-Za-z0-9_][A-Za-z0-9._/-]{0,199}))?");

  /** The id a text writes, or empty when it is none. */
  static Optional<HubModelId> parse(String text) {
    boolean data = text.startsWith(DATA) && text.indexOf('/', DATA.length()) > 0;
    Matcher matcher = FORM.matcher(data ? text.substring(DATA.length()) : text);
    if (!matcher.matches() || text.contains("..") || text.endsWith("/")) {
      return Optional.empty();
    }
    String revision = Optional.ofNullable(matcher.group(2)).orElse("main");
    return Optional.of(new HubModelId(data, matcher.group(1), revision));
  }

  /** Name of the repository's folder in the cache. */
  String cacheFolder() {
    return (isData ? "datasets--" : "models--") + repository.replace("/", "--");
  }

  /** Path of its listing on the hub, without the revision. */
  String listing() {
    return "/api/" + (isData ? DATA : "models/") + repository;
  }

  /** Path of its files on the hub. */
  String files() {
    return "/" + (isData ? DATA : "") + repository;
  }

  @Override
  public String toString() {
    String name = (isData ? DATA : "") + repository;
    return revision.equals("main") ? name : name + "@" + revision;
  }
}
