package org.bitatlas.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Random texts come back unchanged, also bit by bit, from many threads, and without a leak. */
final class RoundTripTest {

  private static final Path GPT2 =
      Path.of(System.getProperty("bitatlas.root"))
          .resolve("bitatlas-engine/src/test/resources/org/bitatlas/tokenizer/gpt2");

  private static final int[][] RANGES = {
    {' ', '~'},
    {0xA0, 0x24F},
    {0x370, 0x5FF},
    {0x3040, 0x30FF},
    {0x4E00, 0x9FA0},
    {0xAC00, 0xD7A0},
    {0x1F300, 0x1F64F},
    {0x10000, 0x10FFF},
    {'\n', '\r'}
  };

  private static String randomText(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(1, 60);
    for (int i = 0; i < length; i++) {
      int[] range = RANGES[random.nextInt(RANGES.length)];
      text.appendCodePoint(random.nextInt(range[0], range[1]));
    }
    return text.toString();
  }

  private static void checkRoundTrips(Tokenizer tokenizer) {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 500; i++) {
      String text = randomText(random);
      List<Integer> ids = Oracles.boxed(tokenizer.encode(text, false));
      assertThat(tokenizer.decode(ids, false)).isEqualTo(text);
      StreamingDecoder stream = new StreamingDecoder(tokenizer, false);
      StringBuilder streamed = new StringBuilder();
      for (int id : ids) {
        String piece = stream.accept(id);
        assertThat(piece).doesNotContain("\uFFFD");
        streamed.append(piece);
      }
      assertThat(streamed.append(stream.finish()).toString()).isEqualTo(text);
    }
  }

  @Test
  void sentencePieceWithByteFallback() {
    checkRoundTrips(ChatTokenizers.load(Oracles.NANO).tokenizer());
  }

  @Test
  void byteLevelTokenizerJson() {
    checkRoundTrips(ChatTokenizers.load(GPT2).tokenizer());
  }

  @Test
  void tiktoken() throws IOException {
    Path folder = VocabularyFilesTest.externalRoot().resolve("llama3");
    checkRoundTrips(ChatTokenizers.load(folder).tokenizer());
  }

  @Test
  void halfACharacterIsHeldBack() {
    Tokenizer tokenizer = ChatTokenizers.load(Oracles.NANO).tokenizer();
    List<Integer> ids = Oracles.boxed(tokenizer.encode("é😀", false));
    StreamingDecoder stream = new StreamingDecoder(tokenizer, false);
    List<String> pieces = new ArrayList<>();
    ids.forEach(id -> pieces.add(stream.accept(id)));
    assertThat(String.join("", pieces)).isEqualTo("é😀");
    assertThat(pieces).contains("😀").doesNotContain("\uFFFD");
    StreamingDecoder cut = new StreamingDecoder(tokenizer, false);
    ids.subList(0, ids.size() - 1).forEach(cut::accept);
    assertThat(cut.finish()).contains("\uFFFD");
  }

  @Test
  void threadsAgree() throws Exception {
    for (Path folder : List.of(Oracles.NANO, GPT2)) {
      Tokenizer tokenizer = ChatTokenizers.load(folder).tokenizer();
      List<String> texts = new ArrayList<>();
      SplittableRandom random = new SplittableRandom(3);
      for (int i = 0; i < 100; i++) {
        texts.add(randomText(random));
      }
      Callable<List<List<Integer>>> encodeAll =
          () -> texts.stream().map(text -> Oracles.boxed(tokenizer.encode(text, true))).toList();
      List<List<Integer>> expected = encodeAll.call();
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        List<Future<List<List<Integer>>>> results = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          results.add(threads.submit(encodeAll));
        }
        for (Future<List<List<Integer>>> result : results) {
          assertThat(result.get()).isEqualTo(expected);
        }
      }
    }
  }

  private static final long MOST_KIBIBYTES = 48 << 10;

  @Test
  void encodingDoesNotLeak() throws IOException {
    for (Path folder : List.of(Oracles.NANO, GPT2)) {
      Tokenizer tokenizer = ChatTokenizers.load(folder).tokenizer();
      String text = "Nina fills 4 bags with 4 balls each. 你好 ".repeat(4);
      encode(tokenizer, text, 4_000);
      // The heap may grow once; a leak grows every time. 20,000 leaked encodings of this text would
      // be above 100 MiB.
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 3 && least >= MOST_KIBIBYTES; round++) {
        long before = residentKibibytes();
        encode(tokenizer, text, 20_000);
        least = Math.min(least, residentKibibytes() - before);
      }
      assertThat(least).isLessThan(MOST_KIBIBYTES);
    }
  }

  private static void encode(Tokenizer tokenizer, String text, int times) {
    int total = 0;
    for (int i = 0; i < times; i++) {
      total += tokenizer.encode(text, true).length;
    }
    assertThat(total).isPositive();
    System.gc();
  }

  private static long residentKibibytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(status), "no /proc on this system");
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void damagedUtf8BecomesOneReplacementForEachByte() {
    assertThat(Utf8.decode(new byte[] {'a', (byte) 0xF0, (byte) 0x9F, (byte) 0x98, 'b'}))
        .isEqualTo("a\uFFFD\uFFFD\uFFFDb");
    assertThat(Utf8.decode(new byte[] {(byte) 0xC0, (byte) 0x80, (byte) 0xC3, (byte) 0xA9}))
        .isEqualTo("\uFFFD\uFFFDé");
    assertThat(Arrays.asList(Utf8.decode(new byte[0]))).containsExactly("");
  }
}
