# TAB for reqctl in bash: it is asked what fits, and files are offered where it knows nothing.

_reqctl() {
    local cur words cword line
    # "=" and ":" are parts of words here: concurrency=200, and names of collections with a field.
    _get_comp_words_by_ref -n =: cur words cword || return

    while IFS=$'\t' read -r line _; do
        COMPREPLY+=("$line")
    done < <("${words[0]}" __complete "${words[@]:1:cword}" 2>/dev/null)

    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    __ltrim_colon_completions "$cur"
    # bash replaces only what stands behind the "=" of the word.
    if [[ $cur == *=* && $COMP_WORDBREAKS == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*=}"}"}")
    fi
}

complete -o default -F _reqctl reqctl
