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
  fi
  # BITATLAS_JDK_FOLDERS replaces the usual folders (colon-separated); the tests use it.
  folders=${BITATLAS_JDK_FOLDERS-/usr/lib/jvm:/usr/java:/opt:/opt/java:/Library/Java/JavaVirtualMachines:$HOME/.sdkman/candidates/java:$HOME/.jdks:$HOME/.local/share/mise/installs/java:$HOME/.asdf/installs/java}
  saved_ifs=$IFS
  IFS=:
  for folder in $folders; do
    IFS=$saved_ifs
    for candidate in "$folder"/*; do
      if use_jdk "$candidate" || use_jdk "$candidate/Contents/Home"; then return 0; fi
    done
    IFS=:
  done
  IFS=$saved_ifs
  present="no java on the PATH"
  [ -n "$seen" ] && present="the default java is $("$seen" -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1)"
  echo "bitatlas: a JDK 25 or later is needed and none was found ($present); install one or set JAVA_HOME to its folder." >&2
  return 1
}
