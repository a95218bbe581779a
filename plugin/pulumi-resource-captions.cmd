@node "%~dp0..\dist\plugin\pulumi-resource-captions.cjs" %*
