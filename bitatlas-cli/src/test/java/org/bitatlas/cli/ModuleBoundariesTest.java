package org.bitatlas.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitatlas.forbidden.Offender;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the picture of ARCHITECTURE.md: which package may see which. */
class ModuleBoundariesTest {

  private static final Path PROJECT = Path.of(System.getProperty("bitatlas.root", ".."));

  private static final List<String> ENGINE =
      List.of(
          "tensor", "template", "kernel", "checkpoint", "scheme", "tokenizer", "model", "generate");

  /** For each package (with those below it) the packages of BitAtlas that it may use. */
  private static final Map<String, List<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("tensor", List.of()),
          Map.entry("kernel", List.of("tensor", "scheme")),
          Map.entry("checkpoint", List.of("tensor")),
          Map.entry("scheme", List.of("tensor", "checkpoint")),
          Map.entry("template", List.of("tensor")),
          Map.entry("tokenizer", List.of("tensor", "template")),
          Map.entry("model", List.of("tensor", "kernel", "checkpoint", "scheme")),
          Map.entry("generate", ENGINE),
          Map.entry("quant", ENGINE),
          Map.entry("eval", ENGINE),
          Map.entry("format", ENGINE),
          Map.entry("nano", List.of()),
          Map.entry("study", with(ENGINE, "quant", "eval", "format", "nano")),
          Map.entry("cli", with(ENGINE, "quant", "eval", "format", "nano", "study")));

  private static JavaClasses production;

  @BeforeAll
  static void importClasses() {
    production =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.bitatlas");
  }

  /** A rule over no classes holds always, so what was imported is compared with the sources. */
  @Test
  void everyPackageOfEveryModuleIsLookedAt() throws IOException {
    Set<String> imported =
        production.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());

    assertThat(imported).containsExactlyInAnyOrderElementsOf(sourcePackages());
  }

  @Test
  void everyPackageHasItsPlaceInThePicture() {
    Set<String> roots =
        production.stream()
            .map(type -> type.getPackageName().substring("org.bitatlas.".length()).split("\\.")[0])
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(MAY_USE.keySet()).containsAll(roots);
  }

  static Stream<String> packages() throws IOException {
    return sourcePackages().stream()
        .map(name -> name.substring("org.bitatlas.".length()).split("\\.")[0])
        .distinct();
  }

  @ParameterizedTest
  @MethodSource("packages")
  void usesOnlyWhatThePictureAllows(String name) {
    mayUse(name, MAY_USE.getOrDefault(name, List.of())).check(production);
  }

  @Test
  void onlyTensorAndKernelTouchTheNativeLibraries() {
    nativeLibrariesOnlyIn("org.bitatlas.tensor..", "org.bitatlas.kernel..").check(production);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("org.bitatlas.(**)").should().beFreeOfCycles().check(production);
  }

  @Test
  void everyPackageIsNullMarked() {
    List<String> unmarked =
        production.stream()
            .map(JavaClass::getPackage)
            .distinct()
            .filter(type -> !type.isAnnotatedWith(NullMarked.class))
            .map(type -> type.getName())
            .toList();

    assertThat(unmarked).isEmpty();
  }

  @Test
  void randomNumbersHaveASeed() {
    CodeRules.RANDOM_NUMBERS_HAVE_A_SEED.check(production);
  }

  @Test
  void textHasACharset() {
    CodeRules.TEXT_HAS_A_CHARSET.check(production);
  }

  @Test
  void onlyTheCommandLineEndsTheJvm() {
    CodeRules.ONLY_THE_COMMAND_LINE_ENDS_THE_JVM.check(production);
  }

  @Test
  void onlyTheCommandLinePrints() {
    CodeRules.ONLY_THE_COMMAND_LINE_PRINTS.check(production);
  }

  @Test
  void theRulesFindWhatTheyForbid() {
    JavaClasses offender = new ClassFileImporter().importClasses(Offender.class);

    assertFinds(CodeRules.RANDOM_NUMBERS_HAVE_A_SEED, offender, "java.util.Random", "Math.random");
    assertFinds(
        CodeRules.TEXT_HAS_A_CHARSET, offender, "getBytes", "InputStreamReader", "FileReader");
    assertFinds(CodeRules.ONLY_THE_COMMAND_LINE_ENDS_THE_JVM, offender, "System.exit");
    assertFinds(CodeRules.ONLY_THE_COMMAND_LINE_PRINTS, offender, "System.out");
    assertFinds(mayUse("forbidden", List.of("checkpoint")), offender, "BitAtlasException");
    assertFinds(nativeLibrariesOnlyIn("org.bitatlas.tensor.."), offender, "org.bytedeco");
  }

  private static void assertFinds(ArchRule rule, JavaClasses offender, String... traces) {
    assertThatThrownBy(() -> rule.check(offender))
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll(traces);
  }

  private static ArchRule mayUse(String name, List<String> others) {
    String[] allowed =
        with(others, name).stream()
            .map(other -> "org.bitatlas." + other + "..")
            .toArray(String[]::new);
    return classes()
        .that()
        .resideInAPackage("org.bitatlas." + name + "..")
        .should()
        .onlyDependOnClassesThat(
            resideOutsideOfPackage("org.bitatlas..").or(resideInAnyPackage(allowed)))
        .because(name + " may use only " + others);
  }

  private static ArchRule nativeLibrariesOnlyIn(String... packages) {
    return noClasses()
        .that(not(resideInAnyPackage(packages)))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..");
  }

  private static List<String> with(List<String> names, String... more) {
    return Stream.concat(names.stream(), Stream.of(more)).toList();
  }

  private static Set<String> sourcePackages() throws IOException {
    Set<String> packages = new TreeSet<>();
    try (Stream<Path> modules = Files.list(PROJECT)) {
      for (Path sources :
          modules
              // Nothing depends on the benchmarks, so they are not on this class path.
              .filter(module -> !module.endsWith("bitatlas-bench"))
              .map(module -> module.resolve("src/main/java"))
              .filter(Files::isDirectory)
              .toList()) {
        try (Stream<Path> files = Files.walk(sources)) {
          files
              .filter(file -> file.toString().endsWith(".java"))
              .map(file -> sources.relativize(file.getParent()).toString().replace('/', '.'))
              .forEach(packages::add);
        }
      }
    }
    return packages;
  }
}
