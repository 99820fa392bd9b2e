package org.bitatlas.eval.instruction;

import com.cybozu.labs.langdetect.Detector;
import com.cybozu.labs.langdetect.DetectorFactory;
import com.cybozu.labs.langdetect.LangDetectException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The language of a text: naive Bayes over letters and pairs and triples of them, by the library
 * that Python's langdetect is a port of (Nakatani, language-detection), with a fixed seed.
 */
final class ReplyLanguage {

  private static final List<String> CODES =
      List.of(
          "af", "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "gu",
          "he", "hi", "hr", "hu", "id", "it", "ja", "kn", "ko", "lt", "lv", "mk", "ml", "mr", "ne",
          "nl", "no", "pa", "pl", "pt", "ro", "ru", "sk", "sl", "so", "sq", "sv", "sw", "ta", "te",
          "th", "tl", "tr", "uk", "ur", "vi", "zh-cn", "zh-tw");

  private ReplyLanguage() {}

  /** The profiles are a state of the library; they are read once, at first use. */
  private static final class Profiles {

    static final boolean LOADED = load();

    private static boolean load() {
      List<String> profiles = new ArrayList<>();
      for (String code : CODES) {
        try (InputStream profile = DetectorFactory.class.getResourceAsStream("/profiles/" + code)) {
          if (profile == null) {
            throw new IllegalStateException("no profile of the language " + code);
          }
          profiles.add(new String(profile.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      try {
        DetectorFactory.loadProfile(profiles);
      } catch (LangDetectException e) {
        throw new IllegalStateException("the profiles of languages cannot be read", e);
      }
      DetectorFactory.setSeed(0);
      return true;
    }
  }

  /** The languages that are told apart, as ISO 639-1 codes. */
  static List<String> codes() {
    return CODES;
  }

  /** The most probable language; empty when the text has no letters that tell. */
  static Optional<String> of(String text) {
    if (!Profiles.LOADED) {
      throw new IllegalStateException("no profiles of languages");
    }
    try {
      Detector detector = DetectorFactory.create();
      detector.append(text);
      String found = detector.detect();
      return Optional.of(found.equals("unknown") ? "" : found);
    } catch (LangDetectException noFeatures) {
      return Optional.empty();
    }
  }
}
