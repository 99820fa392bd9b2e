# Sourced by mvnw and bitatlas: find_jdk sets and exports JAVA_HOME to a JDK 25 or later, or says in
# one line what is missing. Looked at in this order: JAVA_HOME, the PATH, the usual folders.

jdk_version() { # prints the major version of the JDK in $1; fails where $1 is no JDK
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 1
  version=
  if [ -r "$1/release" ]; then
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
  fi
  if [ -z "$version" ]; then
    version=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  fi
  [ -n "$version" ] && echo "$version"
}

use_jdk() { # takes $1 as JAVA_HOME where it is a JDK 25 or later
  found_version=$(jdk_version "$1") || return 1
  [ "$found_version" -ge 25 ] 2>/dev/null || return 1
  JAVA_HOME=$1
  export JAVA_HOME
}

find_jdk() {
  if [ -n "${JAVA_HOME:-}" ] && use_jdk "$JAVA_HOME"; then return 0; fi
  seen=$(command -v java 2>/dev/null) || seen=
  if [ -n "$seen" ]; then
    resolved=$(readlink -f "$seen" 2>/dev/null || echo "$seen")
    if use_jdk "$(dirname "$(dirname "$resolved")")"; then return 0; fi
    # A version manager's shim lies elsewhere than the JDK it starts, so the JVM is asked.
    asked=$("$seen" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p')
    if [ -n "$asked" ] && use_jdk "$asked"; then return 0; fi
  fi
  # BITATLAS_JDK_FOLDERS replaces the usual folders (colon-separated).
  usual=/usr/lib/jvm:/usr/lib64/jvm:/usr/java:/usr/local:/opt:/opt/java:/Library/Java/JavaVirtualMachines
  usual=$usual:/opt/homebrew/opt:/usr/local/opt:/home/linuxbrew/.linuxbrew/opt
  if [ -n "${HOME:-}" ]; then
    usual=$usual:$HOME/.sdkman/candidates/java:$HOME/.jdks:$HOME/.gradle/jdks:$HOME/.jbang/cache/jdks
    usual=$usual:$HOME/.local/share/mise/installs/java:$HOME/.asdf/installs/java
  fi
  saved_ifs=$IFS
  IFS=:
  for folder in ${BITATLAS_JDK_FOLDERS-$usual}; do
    IFS=$saved_ifs
    for candidate in "$folder"/*; do
      for home in "$candidate" "$candidate/Contents/Home" "$candidate/libexec" \
        "$candidate/libexec/openjdk.jdk/Contents/Home"; do
        if use_jdk "$home"; then return 0; fi
      done
    done
    IFS=:
  done
  IFS=$saved_ifs
  present="no java on the PATH"
  if [ -n "$seen" ]; then
    default=$("$seen" -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1)
    present="the default java is ${default:-of unknown version}"
  fi
  echo "bitatlas: a JDK 25 or later is needed and none was found ($present); install one or set JAVA_HOME to its folder." >&2
  return 1
}
