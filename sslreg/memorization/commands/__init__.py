"""What ``tools/sslmem.py`` does, a command a file: ``add(commands)`` its options, ``run(args)`` the rest."""
