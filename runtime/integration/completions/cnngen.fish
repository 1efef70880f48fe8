# Completion of cnngen for fish. What there is to complete, cnngen itself says: cnngen --print-options
# prints for each option its names, its argument, the commands that take it, and what it does.
function __cnngen_uses --description 'whether the command is one of some'
    set --local words (commandline -opc)
    set --local command generate
    contains -- "$words[2]" $__cnngen_commands; and set command $words[2]
    contains -- $command $argv
end

set --global __cnngen_commands
for line in (cnngen --print-options 2>/dev/null)
    set --local field (string split \t -- $line)
    set --local commands (string split , -- $field[3])
    for command in $commands
        contains -- $command generate $__cnngen_commands; or set --append __cnngen_commands $command
    end
    set --local flags
    for name in (string split ' ' -- $field[1])
        switch $name
            case '--*'
                set --append flags -l (string sub -s 3 -- $name)
            case '-M*'
                set --append flags -o (string sub -s 2 -- $name)
            case '*'
                set --append flags -s (string sub -s 2 -- $name)
        end
    end
    switch $field[2]
        case none
        case text
            set --append flags -x
        case file
            set --append flags -r -F
        case folder
            set --append flags -x -a '(__fish_complete_directories)'
        case '*'
            set --append flags -x -a (string replace --all , ' ' -- $field[2])
    end
    complete -c cnngen -n "__cnngen_uses $commands" $flags -d "$field[4]"
end
complete -c cnngen -n 'test (count (commandline -opc)) -eq 1' -a "$__cnngen_commands"
