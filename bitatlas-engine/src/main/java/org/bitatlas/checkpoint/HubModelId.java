package org.bitatlas.checkpoint;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model repository of the hub at a revision, written {@code owner/name} or {@code
 * owner/name@revision}.
 *
 * @param repository owner and name
 * @param revision branch, tag or commit; {@code main} by default
 */
record HubModelId(String repository, String revision) {

  private static final String WORD = "[A-Za-z0-9_][A-Za-z0-9._-]{0,95}";
  private static final Pattern FORM =
      Pattern.compile("(" + WORD + "/" + WORD + ")(?:@([A-Za-z0-9_][A-Za-z0-9._/-]{0,199}))?");

  /** The id a text writes, or empty when it is none. */
  static Optional<HubModelId> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches() || text.contains("..") || text.endsWith("/")) {
      return Optional.empty();
    }
    String revision = Optional.ofNullable(matcher.group(2)).orElse("main");
    return Optional.of(new HubModelId(matcher.group(1), revision));
  }

  /** Name of the repository's folder in the cache. */
  String cacheFolder() {
    return "models--" + repository.replace("/", "--");
  }

  @Override
  public String toString() {
    return revision.equals("main") ? repository : repository + "@" + revision;
  }
}
